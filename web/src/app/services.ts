import { createContext, useContext } from 'react';
import type { Api } from '~/api/client';
import type { PlayerSession } from '~/features/player/session';

/** What lives as long as the page does: the server, and the one player. */
export interface Services {
  api: Api;
  session: PlayerSession;
}

const ServicesContext = createContext<Services | null>(null);

export const ServicesProvider = ServicesContext.Provider;

export function useServices(): Services {
  const services = useContext(ServicesContext);
  if (services === null) throw new Error('useServices needs a ServicesProvider above it');
  return services;
}
